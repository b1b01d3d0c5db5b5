import sys


def main() -> None:
    """Run the command line: what the command `threatmodel` and `python -m threatmodel` call."""
    from threatmodel.cli.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
