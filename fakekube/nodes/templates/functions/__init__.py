"""The functions of templates: text/template's own and those of sprig, as KWOK offers them.

Those of the time and of chance are made for each rendering (`chance`). What would reach for the machine or the network,
and what makes keys and certificates, is refused when a template is read (REFUSED).
"""

from __future__ import annotations

from fakekube.nodes.templates.functions import encodings, lists, numbers, own, reflection, texts
from fakekube.nodes.templates.functions.signatures import Function, checked

FUNCTIONS: dict[str, Function] = {
    name: checked(name, signature, function)
    for rows in (own.ROWS, texts.ROWS, numbers.ROWS, lists.ROWS, encodings.ROWS, reflection.ROWS)
    for name, (signature, function) in rows.items()
}
"""By name. `and` and `or` look at their operands one by one and are the parser's."""

REFUSED = {
    **dict.fromkeys(("env", "expandenv"), "the machine's environment is not for templates"),
    "getHostByName": "templates ask nobody on the network",
    **dict.fromkeys(
        (
            "bcrypt",
            "htpasswd",
            "genPrivateKey",
            "derivePassword",
            "buildCustomCert",
            "genCA",
            "genCAWithKey",
            "genSelfSignedCert",
            "genSelfSignedCertWithKey",
            "genSignedCert",
            "genSignedCertWithKey",
            "encryptAES",
            "decryptAES",
        ),
        "it makes keys, certificates or ciphers, which no fake cluster needs",
    ),
}
"""Functions of sprig that are not supported, and why."""
