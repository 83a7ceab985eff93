"""`python -m fakekube_conformance URL`."""

from fakekube_conformance.cli import main

main(prog_name="python -m fakekube_conformance")
