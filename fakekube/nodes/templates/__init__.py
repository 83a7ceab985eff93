"""Go's text/template language, over decoded JSON: parsed once, rendered often.

What is not known is refused when the template is read. Of the functions of sprig all are here (`functions`) but those
that reach for the machine, and those that make keys; time and chance are handed in.
"""

from __future__ import annotations

from fakekube.nodes.templates.parsing import Template
from fakekube.nodes.templates.values import TemplateError

__all__ = ["Template", "TemplateError"]
