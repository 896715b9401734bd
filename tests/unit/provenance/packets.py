"""XMP packets, EXIF and texts of PNG that a test writes."""

from __future__ import annotations

import PIL.Image
from PIL.PngImagePlugin import PngInfo
from tests.unit.provenance.signing import picture

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def packet(inside: str = "", attributes: str = "", before: str = "") -> bytes:
    """Return a packet with one description."""
    names = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
    return (
        f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {names}><rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def exif(comment: bytes | None = None, **tags: str) -> bytes:
    numbers = {"description": 0x010E, "make": 0x010F, "model": 0x0110, "software": 0x0131, "artist": 0x013B}
    written = PIL.Image.Exif()
    for name, value in tags.items():
        written[numbers[name]] = value
    if comment is not None:
        written.get_ifd(0x8769)[0x9286] = comment
    return written.tobytes()


def with_texts(*texts: tuple[str, str], packed: bool = False, international: bool = False) -> bytes:
    info = PngInfo()
    for keyword, said in texts:
        (info.add_itxt if international else info.add_text)(keyword, said, zip=packed)
    return picture("PNG", pnginfo=info)
