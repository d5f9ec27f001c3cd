"""An upload as it comes: a form with one file and options."""
