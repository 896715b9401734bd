"""
The evidence bundle: what a case leaves for a lawyer, the police or a court, without the picture.

`bag` puts files into a BagIt folder, `summary` draws the page that people read first, `page` keeps a page of a site
with a drawn box for each picture, and `offline` is the program inside every bundle that checks it without Takeback.
"""
