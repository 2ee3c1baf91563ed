// Takes a photo: with a phone's own camera where there is one, else with a webcam in a dialog.
// Knows cameras, and says politely when it gets none.

const REFUSALS = {
  NotAllowedError: "The camera isn't allowed here. Allow it beside the address, or choose a picture.",
  NotFoundError: "No camera was found. Choose a picture instead.",
  NotReadableError: "Another program holds the camera. Close that, or choose a picture.",
};
const OTHER_REFUSAL = "The camera doesn't answer. Choose a picture instead.";

/**
 * @param elements {button, shot, dialog, video, note, shutter, close} of the page.
 * @param take Called with a File.
 */
export function offerCamera(elements, take) {
  const { button, shot, dialog, shutter, close } = elements;
  const isTouch = matchMedia("(pointer: coarse)").matches;
  if (isTouch) button.hidden = false;
  else findWebcam().then((isThere) => (button.hidden = !isThere));
  button.addEventListener("click", () => (isTouch ? shot.click() : open(elements)));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => stop(elements.video));
  shutter.addEventListener("click", async () => {
    const file = await photograph(elements.video);
    dialog.close();
    take(file);
  });
}

/** Whether there is a camera; browsers tell that much without asking, on localhost and https. */
async function findWebcam() {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return devices.some(({ kind }) => kind === "videoinput");
}

let opening = 0;

async function open({ dialog, video, note, shutter }) {
  const mine = ++opening;
  shutter.disabled = true;
  video.hidden = false;
  note.textContent = "Asking for the camera…";
  dialog.showModal();
  try {
    const wish = { video: { facingMode: "environment", width: { ideal: 1920 } } };
    const stream = await navigator.mediaDevices.getUserMedia(wish);
    if (!dialog.open || mine !== opening) return end(stream); // closed while the browser asked
    video.srcObject = stream;
    await video.play();
    note.textContent = "";
    shutter.disabled = false;
    shutter.focus();
  } catch (error) {
    if (mine !== opening) return;
    video.hidden = true;
    note.textContent = REFUSALS[error.name] ?? OTHER_REFUSAL;
  }
}

function stop(video) {
  end(video.srcObject);
  video.srcObject = null;
}

function end(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

async function photograph(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return new File([blob], "photo.jpg", { type: blob.type });
}
