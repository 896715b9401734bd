"""Which element of which law is not met, where a notice is refused or a picture is shown again."""

from __future__ import annotations

from collections.abc import Sequence

from takeback.cases.law import law_pack
from takeback.errors import InputError


def sections_of(elements: Sequence[str], laws: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return law, element and section of each element that one of the laws has."""
    packs = [law_pack(law) for law in laws]
    return [(pack.id, each, pack.elements[each]) for pack in packs for each in elements if each in pack.elements]


def require_elements(elements: Sequence[str], laws: Sequence[str]) -> None:
    """
    Raise `InputError` unless for each law one of its elements is named.

    A picture that any law covers stays hidden, so it has to fail under all of them.
    """
    known = {name for law in laws for name in law_pack(law).elements}
    if unknown := [each for each in elements if each not in known]:
        raise InputError(
            f"No law of this case has the element {unknown[0]!r}.", advice=f"Known here: {', '.join(sorted(known))}."
        )
    for law in laws:
        pack = law_pack(law)
        if not any(each in pack.elements for each in elements):
            raise InputError(
                f"Say which element of this law is not met: {pack.name}.", advice=f"One of: {', '.join(pack.elements)}."
            )
