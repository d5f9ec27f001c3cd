"""What the documents say is true: commands run, links lead somewhere, made parts are up to date."""
