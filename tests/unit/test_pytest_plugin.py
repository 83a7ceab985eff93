"""The plugin as a project sees it: each test of the inner runs gets a clean cluster, and servers are few."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

MAP = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}'


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *args, timeout=120)


def test_each_test_gets_a_clean_cluster_from_one_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"""
        import pytest
        urls = set()
        @pytest.mark.parametrize("time", [1, 2, 3])
        def test_clean(kube, time):
            urls.add(kube.url)
            assert "a" not in [obj["metadata"]["name"] for obj in kube.list("configmaps", namespace="default")]
            kube.apply('''{MAP}''')
        def test_one_server():
            assert len(urls) == 1
    """)
    run(pytester).assert_outcomes(passed=4)


def test_a_marker_changes_the_settings_and_its_cluster_is_kept(pytester: pytest.Pytester) -> None:
    pytester.mkdir("sub").joinpath("map.json").write_text(MAP)
    pytester.path.joinpath("sub", "test_marker.py").write_text("""
import pytest
pytestmark = pytest.mark.fakekube(nodes=1, load="map.json")
urls = set()
class TestMarked:
    def test_module(self, kube):
        urls.add(kube.url)
        assert len(kube.list("nodes")) == 1
        kube.delete("configmaps", "a", namespace="default")
    def test_loaded_again(self, kube):
        urls.add(kube.url)
        assert len(urls) == 1
        assert kube.get("configmaps", "a", namespace="default")
    @pytest.mark.fakekube(nodes=2)
    def test_nearest_wins(self, kube):
        assert kube.url not in urls
        assert len(kube.list("nodes")) == 2
        assert kube.get("configmaps", "a", namespace="default")
""")
    run(pytester).assert_outcomes(passed=3)


def test_the_session_cluster_is_kept_and_the_kubeconfig_is_in_the_environment(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"""
        import os
        def test_keep(kube_session):
            kube_session.apply('''{MAP}''')
        def test_kept(kube_session, kube, kubeconfig):
            assert kube_session.get("configmaps", "a", namespace="default")
            assert kube.url != kube_session.url
            assert os.environ["KUBECONFIG"] == str(kubeconfig)
            assert kube.url in kubeconfig.read_text()
    """)
    run(pytester).assert_outcomes(passed=2)


def test_the_official_client_finds_each_cluster_by_itself(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from kubernetes import client, config

        def server():
            config.load_kube_config()
            configuration = client.Configuration.get_default_copy()
            client.VersionApi().get_code()
            return configuration.host

        def test_one(kube, kubeconfig):
            assert server() == kube.url

        @pytest.mark.fakekube(tls=False)
        def test_another(kube, kubeconfig):
            assert server() == kube.url
    """)
    run(pytester).assert_outcomes(passed=2)


def test_workers_have_servers_of_their_own_and_stop_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"""
        import pytest
        @pytest.mark.parametrize("time", range(4))
        def test_write(kube, time, tmp_path_factory):
            file = tmp_path_factory.getbasetemp().parent / f"{{time}}.kubeconfig"
            file.write_text(str(kube.kubeconfig))
            kube.apply('''{MAP}''')
    """)
    run(pytester, "-n", "2", "--basetemp", str(pytester.path / "base")).assert_outcomes(passed=4)
    seen = {file.read_text() for file in (pytester.path / "base").glob("*.kubeconfig")}
    assert 1 <= len(seen) <= 2
    assert not [path for path in seen if Path(path).exists()]


def test_a_marker_with_positional_arguments_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        @pytest.mark.fakekube(3)
        def test_wrong(kube):
            pass
    """)
    run(pytester).assert_outcomes(errors=1)
