// sparring train on data that are none, or not whole.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, it } from "vitest";
import { badLines } from "../helpers/bad-lines.js";
import { idx, imagesFile, labelsFile } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";

const { folder, expectRefused } = await badLines();

describe("bad data", () => {
  const images = idx([128, 8, 8]);
  const labels = idx([128]);
  const archive = Buffer.alloc(1024);
  archive.write("cifar-10-batches-bin/", 0);
  archive.write("ustar", 257);
  const missing = (name: string) =>
    `Expected ${name} (or .gz) for MNIST but received the folder "DATA" without it`;
  const none = (path: string, why = "it is none of them") =>
    `Expected a folder of images, MNIST's or CIFAR-10's files, an IDX or a .npy file for --data but received "${path}" (${why})`;
  const wrong = (rank: number, name: string, why: string) =>
    `Expected an IDX file of rank ${rank} for --data but received "DATA/${name}": ${why}`;
  const cases: [string, Record<string, Uint8Array>, string][] = [
    ["an empty folder", {}, none("DATA", "it is empty")],
    ["a folder of other files", { "notes.txt": Buffer.from("cats") }, none("DATA")],
    ["nothing but what is hidden", { ".thumbnails/1.png": images }, none("DATA")],
    ["labels without images", { [labelsFile]: labels }, missing(imagesFile)],
    ["images without labels", { [imagesFile]: images }, missing(labelsFile)],
    [
      "truncated images",
      { [imagesFile]: images.subarray(0, 1000), [labelsFile]: labels },
      wrong(3, imagesFile, "its shape [128, 8, 8] needs 8192 bytes, and 984 follow the header"),
    ],
    [
      "a truncated header",
      { [imagesFile]: images.subarray(0, 10), [labelsFile]: labels },
      wrong(3, imagesFile, "its header is cut off after 10 bytes"),
    ],
    [
      "oversized images",
      { [imagesFile]: Buffer.concat([images, Buffer.alloc(3)]), [labelsFile]: labels },
      wrong(3, imagesFile, "its shape [128, 8, 8] needs 8192 bytes, and 8195 follow the header"),
    ],
    [
      "an empty file",
      { [imagesFile]: Buffer.alloc(0), [labelsFile]: labels },
      wrong(3, imagesFile, "it has 0 bytes"),
    ],
    [
      "labels where images should be",
      { [imagesFile]: labels, [labelsFile]: labels },
      wrong(3, imagesFile, "its rank is 1"),
    ],
    [
      "something that is not IDX",
      { [imagesFile]: Buffer.from("<html>Not found</html>"), [labelsFile]: labels },
      wrong(3, imagesFile, "it does not start with two zero bytes"),
    ],
    [
      "a truncated .gz",
      { [`${imagesFile}.gz`]: gzipSync(images).subarray(0, 200), [labelsFile]: labels },
      `Expected an IDX file for --data but received "DATA/${imagesFile}.gz" (unexpected end of file)`,
    ],
    [
      "an archive that nobody has unpacked",
      { [`${imagesFile}.gz`]: gzipSync(archive), [labelsFile]: labels },
      wrong(3, `${imagesFile}.gz`, "it is an archive; unpack it, and give what is in it"),
    ],
    [
      "CIFAR-10 in its Python version",
      { data_batch_1: Buffer.of(0x80, 2) },
      `Expected a file of CIFAR-10's binary version for --data but received "DATA/data_batch_1": it is one of the Python version; cifar-10-binary.tar.gz has the binary one`,
    ],
    [
      "fewer labels than images",
      { [imagesFile]: images, [labelsFile]: idx([127]) },
      `Expected 128 labels, one for each image, for --data but received 127 in "DATA/${labelsFile}"`,
    ],
    [
      "a single image",
      { [imagesFile]: idx([1, 8, 8]), [labelsFile]: idx([1]) },
      "Expected at least 2 images (BatchNorm trains on more than one) for the dataset but received 1",
    ],
  ];

  it.each<[string, Uint8Array, string?]>([
    ["text", Buffer.from("cats and dogs")],
    ["nothing", Buffer.alloc(0), "it is empty"],
    ["image.png", Buffer.from("\x89PNG\r\n", "latin1")],
    ["labels", idx([12])],
  ])("refuses a file that is none of those that are read: %s", async (name, bytes, why) => {
    const path = join(folder.path, `file ${name}`);
    await writeFile(path, bytes);
    await expectRefused(["train", "--data", path, "--out", "never"], none(path, why));
  });

  it("refuses a conditional preset on images without labels", async () => {
    const path = join(folder.path, "unlabelled");
    await writeFile(path, images);
    await expectRefused(
      ["train", "--preset", "cgan", "--data", path, "--out", "never"],
      "Expected labels, which the discriminator needs, for dataset but received none (datasets.idx() takes them as its option labels)",
    );
  });

  it.each<[string, Record<string, number | Buffer>, string]>([
    [
      "a class without images",
      { "cats/notes.txt": Buffer.from("cats"), "dogs/1.png": 1 },
      'the class "cats" has no images (.png, .jpg, .jpeg, .webp)',
    ],
    [
      "images beside classes",
      { "1.png": 1, "dogs/1.png": 1 },
      'it holds both images ("1.png") and folders that would be classes ("dogs")',
    ],
  ])("refuses a folder with %s", async (title, files, why) => {
    const data = join(folder.path, `images ${title}`);
    await writeTree(data, files);
    const sentence = `Expected a folder of images for --data but received "${data}": ${why}`;
    await expectRefused(["train", "--data", data, "--out", "never"], sentence);
  });

  it.each(cases)("refuses %s", async (title, files, sentence) => {
    const data = join(folder.path, `data ${title}`);
    await writeTree(data, files);
    await expectRefused(
      ["train", "--data", data, "--out", "never"],
      sentence.replace("DATA", data),
    );
  });
});
