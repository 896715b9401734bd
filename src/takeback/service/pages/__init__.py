"""
The pages: `/` for the person who reports a picture, `/case` for her return.

Each page is whole without a script: forms that a server answers. With one, the form makes fingerprints on her own
device (`static/`), shows what will be sent, and sends that. What a page says is in `languages/`, what it is made of in
`templates/`; every file that a browser gets lies here and is served as it lies here, so that whoever doubts what runs
on her device can read it.
"""
