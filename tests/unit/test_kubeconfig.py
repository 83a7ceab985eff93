"""The kubeconfig is what clients read, is its owner's alone, and overwrites nothing of anybody else's."""

import base64
from pathlib import Path

import pytest
import yaml

from fakekube import kubeconfig


def written(path: Path) -> dict:
    kubeconfig.write(path, url="https://127.0.0.1:6443", token='t"1', ca_pem=b"PEM")
    return yaml.safe_load(path.read_text())


def test_the_current_context_leads_to_server_and_token(tmp_path: Path) -> None:
    config = written(tmp_path / "new" / "config")
    assert config["current-context"] == config["contexts"][0]["name"] == "fakekube"
    assert config["clusters"][0]["cluster"] == {
        "server": "https://127.0.0.1:6443",
        "certificate-authority-data": base64.b64encode(b"PEM").decode(),
    }
    assert config["users"][0]["user"] == {"token": 't"1'}


def test_without_tls_there_is_no_authority() -> None:
    config = yaml.safe_load(kubeconfig.render("http://127.0.0.1:1", "t"))
    assert config["clusters"][0]["cluster"] == {"server": "http://127.0.0.1:1"}


def test_only_the_owner_reads_it_and_no_draft_is_left(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.touch(mode=0o644)
    written(path)
    written(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_another_kubeconfig_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\nkind: Config\n")
    with pytest.raises(FileExistsError, match="name another file"):
        written(path)
    assert path.read_text() == "apiVersion: v1\nkind: Config\n"
