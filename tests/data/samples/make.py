"""The files beside this one, by NumPy 2.4.6 and Pillow 13.0.0: `python make.py`."""
import gzip
import os
import struct

import numpy as np
from PIL import Image

images = (np.arange(6 * 4 * 3) * 7 % 256).astype(np.uint8).reshape(6, 4, 3)
labels = np.array([0, 1, 2, 0, 1, 2])


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()


open("images-idx3-ubyte", "wb").write(idx(images))
open("labels-idx1-ubyte", "wb").write(idx(labels))
open("images-idx3-ubyte.gz", "wb").write(gzip.compress(idx(images), mtime=0))

numbers = images / 256
for name, dtype in [("f8", "<f8"), ("f8-big", ">f8"), ("f4", "<f4"), ("f4-big", ">f4")]:
    np.save(f"{name}.npy", numbers.astype(dtype))
np.save("f8-fortran.npy", np.asfortranarray(numbers))
np.save("u1.npy", images)
np.save("u1-fortran.npy", np.asfortranarray(images))
for name, dtype in [("i1", "|i1"), ("i2-big", ">i2"), ("i4", "<i4"), ("i8", "<i8"), ("u2", "<u2"), ("u8-big", ">u8")]:
    signed = np.array([[1, 2], [100, 127]]) * (1 if name[0] == "u" else -1)
    np.save(f"{name}.npy", signed.astype(dtype))
np.save("b1.npy", np.array([True, False]))
np.save("labels.npy", labels)
np.save("object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
np.save("struct.npy", np.zeros(2, dtype=[("a", "<f8"), ("b", "<i4")]))
np.save("complex.npy", np.zeros(2, dtype=complex))
np.savez("stored.npz", x=numbers, y=labels)
np.savez_compressed("compressed.npz", images=images, labels=labels, targets=numbers[:, 0])

for position, (folder, name) in enumerate([("cats", "a"), ("cats", "b"), ("dogs", "a"), ("dogs", "b")]):
    os.makedirs(f"png/{folder}", exist_ok=True)
    Image.fromarray(images[position]).save(f"png/{folder}/{name}.png")
os.makedirs("colours", exist_ok=True)
colour = np.stack([images[0], images[1], images[2]], axis=-1)
Image.fromarray(colour).save("colours/rgb.png")
Image.fromarray(np.concatenate([colour, images[3][..., None]], axis=-1)).save("colours/rgba.png")
Image.fromarray(images[0]).convert("1").save("colours/bits.png")
Image.fromarray(colour).quantize(8).save("colours/palette.png")
