"""Put bytes under a name all at once: the file that is there is always a whole one, the old or the new."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from recurra._base.errors import InputError


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise InputError, with the fix, unless a file can be written under ``path``. Leaves nothing behind.

    Worth calling before hours of work whose result goes there.
    """
    path = Path(path)
    folder = path.parent
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; give a file name, such as {path / 'model.safetensors'}")
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is not a regular file; give another file name")
        if not folder.exists():
            raise InputError(f"{path} cannot be written: the folder {folder} does not exist; create it first")
        if not folder.is_dir():
            raise InputError(f"{path} cannot be written: {folder} is not a folder; give another path")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror
        raise InputError(f"{path} cannot be written: {reason}; give another path or free this one") from None


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` under ``path``, in place of any file there, durably and all at once.

    The bytes go to a temporary file in the same folder, which is synced and renamed, then the folder is
    synced. An error or an interrupt at any point leaves the old file (or none) and no temporary file, or
    the whole new file; a killed process may leave a ``.recurra-*.tmp`` beside it. Raises OSError, which
    names ``path``, such as when the disk is full.
    """
    path = Path(path).resolve()  # a link stays a link, and what it points to is replaced
    temporary = path.with_name(f".recurra-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
