"""Go's text/template language, as far as templates of stages use it: parsed once, rendered often.

What is not known (a function, `define`, `template`, `block`) is refused when the template is read. Of the functions of
sprig, those that need neither chance nor the machine are here (`library`).
"""

from __future__ import annotations

from fakekube.nodes.templates.parsing import Template
from fakekube.nodes.templates.values import TemplateError

__all__ = ["Template", "TemplateError"]
