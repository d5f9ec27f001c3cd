"""The pool of codec children, and what they take pictures from."""
