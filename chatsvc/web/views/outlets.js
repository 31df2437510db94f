/** How the browser notifies: with a sound, or on the desktop. */

const PITCHES = [660, 880]; // Hz
const LENGTH = 0.09; // seconds of each
const LOUD = 0.08;

/** @type {AudioContext | null} */
let audio = null;

/** Play two short tones. Browsers allow it after the user has clicked or typed anything. */
export function play() {
    audio ??= new AudioContext();
    const context = audio;
    void context.resume();
    PITCHES.forEach((pitch, at) => tone(context, pitch, context.currentTime + at * LENGTH));
}

/**
 * @param {AudioContext} context
 * @param {number} pitch
 * @param {number} start
 */
function tone(context, pitch, start) {
    const tone = context.createOscillator(), volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(LOUD, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + LENGTH * 2);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + LENGTH * 2);
}

/**
 * Show a notification on the desktop.
 * @param {string} title
 * @param {string} body
 * @param {string} tag
 * @param {() => void} chosen
 */
export function show(title, body, tag, chosen) {
    try {
        const notification = new Notification(title, { body, tag });
        notification.onclick = () => {
            window.focus();
            chosen();
            notification.close();
        };
    } catch {
        // Chrome on Android shows notifications of service workers only.
    }
}
