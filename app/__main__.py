"""`python -m app`: every command of the service; see `python -m app --help`."""

from app.cli.app import main

if __name__ == "__main__":
    main()
