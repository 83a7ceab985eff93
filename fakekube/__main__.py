"""The command `fakekube`, which is `python -m fakekube` too."""

import gc


def main() -> None:
    """Run it. What is loaded from here on stays until the end: a cluster has garbage looked for when it is up."""
    gc.disable()
    from fakekube.cli import main as command

    command(prog_name="fakekube")


if __name__ == "__main__":
    main()
