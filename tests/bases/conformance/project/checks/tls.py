"""Packaged certificates, read by OpenSSL."""

import socket
import ssl
import threading

from checking import DATA, check, each

TLS = f"{DATA}/tls"


def _server(chain=f"{TLS}/server.pem", key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def _client(**places):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(**places)
    return context


def _talk(client, server=None, name="localhost"):
    """A handshake over a pair of sockets, and one message."""
    one, two = socket.socketpair()
    server = server or _server()

    def serve():
        try:
            with server.wrap_socket(two, server_side=True) as stream:
                stream.sendall(b"hello")
        except OSError:
            two.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with one, client.wrap_socket(one, server_hostname=name) as stream:
            return [stream.recv(5), stream.getpeercert()["subjectAltName"]]
    except ssl.SSLCertVerificationError as error:
        return ["refused", error.verify_code, error.verify_message]
    finally:
        one.close()
        thread.join()


@check
def verification():
    return each(
        cafile=(lambda: _talk(_client(cafile=f"{TLS}/ca.pem")),),
        cafile_link=(lambda: _talk(_client(cafile=f"{TLS}/link.pem")),),
        capath=(lambda: _talk(_client(capath=f"{TLS}/capath")),),
        capath_slash=(lambda: _talk(_client(capath=f"{TLS}/capath/")),),
        both=(lambda: _talk(_client(cafile=f"{TLS}/other.pem", capath=f"{TLS}/capath")),),
        bundle=(lambda: _talk(_client(cafile=f"{TLS}/bundle.pem")),),
        other=(lambda: _talk(_client(cafile=f"{TLS}/other.pem")),),
        empty_capath=(lambda: _talk(_client(capath=f"{DATA}/empty")),),
        wrong_name=(lambda: _talk(_client(cafile=f"{TLS}/ca.pem"), name="elsewhere"),),
        cadata=(lambda: _talk(_client(cadata=open(f"{TLS}/ca.pem").read())),),
        separate_key=(lambda: _talk(_client(cafile=f"{TLS}/ca.pem"), _server(f"{TLS}/chain.pem", f"{TLS}/key.pem")),),
        default_context=(lambda: _talk(ssl.create_default_context(cafile=f"{TLS}/ca.pem")),),
    )


@check
def client_certificate():
    server = _server()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cafile=f"{TLS}/ca.pem")
    client = _client(cafile=f"{TLS}/ca.pem")
    client.load_cert_chain(f"{TLS}/server.pem")
    return _talk(client, server)


@check
def contexts():
    client = _client(cafile=f"{TLS}/bundle.pem")
    return {
        "stats": client.cert_store_stats(),
        "certificates": len(client.get_ca_certs(binary_form=True)),
        "capath is read later": _client(capath=f"{TLS}/capath").cert_store_stats(),
        "decoded": ssl._ssl._test_decode_cert(f"{TLS}/ca.pem")["serialNumber"][:0],
    }


@check
def refusals():
    return each(
        missing=(lambda: _client(cafile=f"{TLS}/none.pem"),),
        no_certificate=(lambda: _client(cafile=f"{DATA}/plain/a.txt"),),
        directory=(lambda: _client(cafile=TLS),),
        missing_chain=(lambda: _server(f"{TLS}/none.pem"),),
        chain_without_key=(lambda: _server(f"{TLS}/ca.pem"),),
        wrong_key=(lambda: _server(f"{TLS}/chain.pem", f"{TLS}/other-key.pem"),),
        missing_dh=(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_dh_params(f"{TLS}/none.pem"),),
        keylog=(lambda: setattr(_client(cafile=f"{TLS}/ca.pem"), "keylog_filename", f"{TLS}/new"),),
    )
