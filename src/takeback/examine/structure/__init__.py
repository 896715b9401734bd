"""
How a file is built: its markers, tables and second pictures, against each other and against the picture.

What a file only says of itself is `takeback.provenance`'s; here is what follows from how it was written.
"""
