"""Certificates that are given and made, contexts that are kept."""

import ssl
from pathlib import Path

import pytest

from pytest_eximsim.exim.world import Endpoint, TlsFailed
from pytest_eximsim.runtime.certificates import Authority, TlsMaker

x509 = pytest.importorskip("cryptography.x509")
pytest.importorskip("trustme")

LOCAL = Endpoint("192.0.2.25", 25)


def server(maker: TlsMaker, certificate: str = "", key: str = "", *, local: Endpoint = LOCAL, authorities: str = "",
           verify: bool = False) -> ssl.SSLContext:
    return maker.server(local, certificate, key, authorities, verify=verify)


def test_made_certificates_have_the_names_and_a_chain() -> None:
    authority = Authority()
    made = authority.certificate_pem(("mail.example.net", "192.0.2.25", "2001:db8::25"))
    assert made == authority.certificate_pem(("mail.example.net", "192.0.2.25", "2001:db8::25"))
    certificate = x509.load_pem_x509_certificates(made)[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mail.example.net"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.25", "2001:db8::25"]
    assert certificate.subject.rfc4514_string() == "CN=mail.example.net,OU=made for this run,O=pytest-eximsim"
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.authority_pem()))
    assert b"PRIVATE KEY" in made


def test_contexts_are_made_once(tmp_path: Path) -> None:
    maker = TlsMaker(Authority(), hostname="mail.example.net")
    path = tmp_path / "own.pem"
    path.write_bytes(maker.authority.certificate_pem(("own.example",)))
    assert server(maker) is server(maker)
    assert server(maker, str(path)) is server(maker, str(path)) is not server(maker)
    assert server(maker, local=Endpoint("192.0.2.26", 25)) is not server(maker)
    assert server(maker, str(path), local=Endpoint("192.0.2.26", 25)) is server(maker, str(path))
    assert maker.client("", verify=True, name="x") is maker.client("", verify=True, name="y")
    assert maker.client("", verify=True, name="x") is not maker.client("", verify=False, name="x")


def test_paths_are_those_of_the_tree(tmp_path: Path) -> None:
    asked: list[str] = []

    def real_path(path: str) -> str:
        asked.append(path)
        if path == "/etc/none.pem":
            raise FileNotFoundError(2, "no")
        return str(tmp_path / path.lstrip("/"))

    maker = TlsMaker(Authority(), hostname="mail.example.net", real_path=real_path)
    (tmp_path / "own.pem").write_bytes(maker.authority.certificate_pem(("own.example",)))
    server(maker, "/own.pem", "/own.pem")
    assert server(maker, "/etc/none.pem", "/etc/none.pem") is server(maker, "/not-there.pem")
    assert asked == ["/own.pem", "/own.pem", "/etc/none.pem", "/etc/none.pem", "/not-there.pem"]


def test_a_key_of_its_own(tmp_path: Path) -> None:
    maker = TlsMaker(Authority())
    made = maker.authority.certificate_pem(("own.example",))
    at = made.index(b"-----BEGIN CERTIFICATE")
    (tmp_path / "key.pem").write_bytes(made[:at])
    (tmp_path / "cert.pem").write_bytes(made[at:])
    server(maker, str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    with pytest.raises(TlsFailed):
        server(maker, str(tmp_path / "cert.pem"))


@pytest.mark.parametrize("text", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_fails_each_time(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "bad.pem").write_bytes(text)
    maker = TlsMaker(Authority())
    for _ in range(2):
        with pytest.raises(TlsFailed):
            server(maker, str(tmp_path / "bad.pem"))


@pytest.mark.parametrize(("authorities", "verify", "mode"), [
    ("", False, ssl.CERT_NONE), ("", True, ssl.CERT_REQUIRED), ("/not-there.pem", False, ssl.CERT_OPTIONAL),
    ("system", True, ssl.CERT_REQUIRED),
])
def test_what_clients_must_show(authorities: str, verify: bool, mode: ssl.VerifyMode) -> None:
    assert server(TlsMaker(Authority()), authorities=authorities, verify=verify).verify_mode == mode


def test_a_folder_of_authorities(tmp_path: Path) -> None:
    assert server(TlsMaker(Authority()), authorities=str(tmp_path), verify=True).verify_mode == ssl.CERT_REQUIRED


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server(TlsMaker(Authority(), hostname="mail.example.net"))
    assert list(tmp_path.iterdir()) == []
