// Lets pictures in: dropped anywhere, pasted, chosen, or taken by a phone's camera.
// Knows files and no answer; whether a file is a picture is for the reader to say.

/**
 * @param elements {choose: button, file: input, shot: input} of the page.
 * @param take Called with a File.
 * @param complain Called with a line for people.
 */
export function letPicturesIn({ choose, file, shot }, take, complain) {
  const takeFirst = (files) => {
    if (files.length > 1) complain(`One picture at a time: this is the first of ${files.length}.`);
    if (files.length > 0) take(files[0]);
  };
  choose.addEventListener("click", () => file.click());
  for (const input of [file, shot]) {
    input.addEventListener("change", () => {
      takeFirst(input.files);
      input.value = ""; // so that the same file can be chosen again
    });
  }
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    if (files.length === 0) return;
    event.preventDefault();
    takeFirst(files);
  });
  letDrop(takeFirst, complain);
}

function letDrop(takeFirst, complain) {
  const { classList } = document.documentElement;
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dropping");
    const { files } = event.dataTransfer;
    if (files.length > 0) takeFirst(files);
    else complain("That was no file. Save the picture first, or copy and paste it.");
  });
}

/**
 * Decode a file to an image, where the browser can.
 *
 * @returns {blob, drawable, width, height}; the last three are null where it can't.
 */
export async function openFile(file) {
  const loading = new Image();
  loading.src = URL.createObjectURL(file);
  try {
    await loading.decode();
  } catch {
    URL.revokeObjectURL(loading.src);
    return { blob: file, drawable: null, width: null, height: null };
  }
  const { naturalWidth: width, naturalHeight: height } = loading;
  return { blob: file, drawable: loading, width, height };
}

/** Give back what openFile holds. */
export function closeFile({ drawable }) {
  if (drawable) URL.revokeObjectURL(drawable.src);
}
