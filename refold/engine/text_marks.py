"""What editors and version control put around text, and what is read without it."""

from refold.engine.errors import RefoldError

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def without_bom(content: bytes, where: str) -> bytes:
    """
    Return *content*, the beginning of the file *where* or all of it, without a byte order mark.

    Raises:
        RefoldError: It is UTF-16, as some shells write it.
    """
    if content.startswith(_UTF_16):
        raise RefoldError(f"{where}: expected text in UTF-8, got UTF-16; save it as UTF-8")
    return content.removeprefix(_BOM)
