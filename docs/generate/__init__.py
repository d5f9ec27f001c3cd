"""Make the parts of the documents that say again what the code says: `python -m docs.generate`.

Pages are written by hand. Only what stands between `<!-- made: NAME -->` and `<!-- end -->` comes
from here.
"""
