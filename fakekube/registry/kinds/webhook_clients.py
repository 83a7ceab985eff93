"""Where a webhook is called: a URL, or a path of a service."""

from __future__ import annotations

from fakekube.core import gourl, names
from fakekube.core.fielderrors import FieldError, invalid, required
from fakekube.core.meta import Obj

_FORM = "; desired format: https://host[/path]"


def client_faults(field: str, config: Obj) -> list[FieldError]:
    """What is wrong with a clientConfig."""
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        return [required(field, "exactly one of url or service is required")]
    if url is not None:
        return _url_faults(f"{field}.url", url)
    assert service is not None, "one of the two is there"
    return service_faults(f"{field}.service", service)


def _url_faults(field: str, text: str) -> list[FieldError]:
    try:
        url = gourl.parse(text)
    except gourl.UrlError as error:
        return [required(field, f"url must be a valid URL: {error}{_FORM}")]
    faults = []
    if url.scheme != "https":
        faults.append(invalid(field, url.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    if not url.host:
        faults.append(invalid(field, url.host, f"host must be specified{_FORM}"))
    if url.user is not None:
        faults.append(invalid(field, url.user, "user information is not permitted in the URL"))
    if url.fragment:
        faults.append(invalid(field, url.fragment, "fragments are not permitted in the URL"))
    if url.query:
        faults.append(invalid(field, url.query, "query parameters are not permitted in the URL"))
    return faults


def service_faults(field: str, service: Obj) -> list[FieldError]:
    """What is wrong with the reference to a service; a missing name is told of the namespace and the other way
    round, as the real server does."""
    faults = [
        required(f"{field}.{told}")
        for told, asked in (("name", "namespace"), ("namespace", "name"))
        if not service.get(asked)
    ]
    port = service.get("port") or 0
    if complaints := names.port_number(port):
        faults.append(invalid(f"{field}.port", port, "port is not valid: " + ", ".join(complaints)))
    path = service.get("path") or "/"
    return faults if path == "/" else faults + _path_faults(f"{field}.path", path)


def _path_faults(field: str, path: str) -> list[FieldError]:
    if path == "//":
        return [invalid(field, path, "segment[0] may not be empty")]
    faults = [] if path.startswith("/") else [invalid(field, path, "must start with a '/'")]
    for index, segment in enumerate(path[1:].removesuffix("/").split("/")):
        if not segment:
            faults.append(invalid(field, path, f"segment[{index}] may not be empty"))
            continue
        found = names.dns1123_subdomain(segment)
        faults += [invalid(field, path, f"segment[{index}]: {complaint}") for complaint in found]
    return faults
