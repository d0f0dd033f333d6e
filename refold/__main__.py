"""``python -m refold``: the command line."""

from refold.cli import main

if __name__ == "__main__":
    main()
