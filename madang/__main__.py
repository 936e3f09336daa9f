"""`python -m madang`, the same as the command `madang`."""

from madang.cli import main

if __name__ == "__main__":
    main()
