/**
 * Frames of a video, by the browser's own player: the page never has the file's bytes, and plays nothing aloud.
 */

/** Frames that are taken, evenly spread. */
const FRAMES = 12;

/** Longest wait for one of them. */
const MILLISECONDS = 8_000;

/**
 * @param {File} file
 * @returns {Promise<ImageBitmap[]>} none where the browser cannot play it
 */
export async function framesOf(file) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  video.muted = true;
  video.preload = "auto";
  const frames = [];
  try {
    video.src = address;
    await happens(video, "loadeddata");
    if (!Number.isFinite(video.duration)) {
      // A clip that a browser or an app recorded often does not say how long it is, until it was gone to its end.
      video.currentTime = Number.MAX_SAFE_INTEGER;
      await happens(video, "seeked");
    }
    const seconds = Number.isFinite(video.duration) ? video.duration : video.currentTime;
    for (let index = 0; index < FRAMES; index++) {
      video.currentTime = (seconds * (index + 0.5)) / FRAMES;
      await happens(video, "seeked");
      frames.push(await createImageBitmap(video));
    }
  } catch {
    // What was taken so far is what it is known by.
  } finally {
    URL.revokeObjectURL(address);
    video.removeAttribute("src");
    video.load();
  }
  return frames;
}

/**
 * @param {HTMLVideoElement} video
 * @param {"loadeddata" | "seeked"} name
 */
function happens(video, name) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("The clip is too slow.")), MILLISECONDS);
    const done = (/** @type {(value: unknown) => void} */ then) => (/** @type {Event} */ event) => {
      clearTimeout(late);
      then(event);
    };
    video.addEventListener(name, done(resolve), { once: true });
    video.addEventListener("error", done(reject), { once: true });
  });
}
