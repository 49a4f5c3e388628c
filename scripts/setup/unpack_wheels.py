"""Unpacks what building and running a native program needs: unpack_wheels.py FOLDER WHEEL...

Python's zipfile checks every file's checksum, so a damaged wheel fails here and not in the linker.
Each wheel is deleted once it is unpacked: a CUDA build and its wheels together would need twice the
room.
"""

import os
import re
import sys
import zipfile

WANTED = re.compile(
    r"torch/(lib/[^/]+\.so|include/|version\.py$)"
    r"|nvidia/"
    r"|torch-[^/]+\.dist-info/(METADATA|licenses/LICENSE)$"
)
# Parts for Python, PyTorch's own tests and static linking: a quarter of the CUDA packages.
UNWANTED = re.compile(
    r"torch/lib/lib(torch_python|shm|jitbackend_test|torchbind_test|backend_with_compiler|aoti_custom_ops)\b"
    r"|\.(a|py|pyc)$(?<!torch/version\.py)"
)


def unpack(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if WANTED.match(name) and not UNWANTED.search(name):
                archive.extract(name, folder)
    os.remove(wheel)


def main():
    folder, *wheels = sys.argv[1:]
    for wheel in wheels:
        unpack(wheel, folder)
    # The folder is renamed into place after this: its contents have to be on the disk before its
    # name is.
    os.sync()


if __name__ == "__main__":
    main()
