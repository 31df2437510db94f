/** Notifications: a sound, and on the desktop where the browser allows it. The title and the icon count in any case. */

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Spoken} Spoken */
/** @typedef {import("./keepsakes.js").Shelf} Shelf */
/** @typedef {import("./preferences.js").Preferences} Preferences */
/** @typedef {import("../net/connection.js").Clock} Clock */

/** The part of the browser that is used. @typedef {object} Outlets
 * @property {() => void} play a short sound
 * @property {(title: string, text: string, tag: string, chosen: () => void) => void} show a notification on the desktop
 * @property {LockManager | undefined} locks
 */

const TOLD = "chatsvc.notified";
const PAUSE = 2000; // milliseconds between two notifications, so that missed messages do not come as a flood
const ELSEWHERE = 300; // milliseconds in which a tab that shows the message can say so
const SPREAD = 50; // milliseconds in which other processes learn what this one has stored
const REMEMBERED = 50; // messages
const LONGEST = 200; // characters

/**
 * Return whether the browser shows notifications: `unavailable` without encryption, `default` before the user was asked.
 * @returns {NotificationPermission | "unavailable"}
 */
export function permission() {
    return "Notification" in globalThis && globalThis.isSecureContext ? Notification.permission : "unavailable";
}

/** Decides what to notify about; of several tabs, only one does. */
export class Notifications {
    /**
     * @param {Preferences} preferences
     * @param {Shelf} shelf of all tabs
     * @param {Clock} clock
     * @param {Outlets} outlets
     */
    constructor(preferences, shelf, clock, outlets) {
        this._preferences = preferences;
        this._shelf = shelf;
        this._clock = clock;
        this._outlets = outlets;
        this._last = -PAUSE;
    }

    /**
     * Note a new message; `seen` if the user is looking at it in this tab.
     * @param {Buffer} pane
     * @param {Spoken} line
     * @param {boolean} seen
     * @param {() => void} [chosen] shows the message, when the user clicks on the notification
     */
    async note(pane, line, seen, chosen = () => {}) {
        const id = `${pane.name} ${line.number || line.time} ${line.sender}`;
        if (seen) return void await this._claim(id);
        if (!this._wants(pane, line)) return;
        await this._pause(ELSEWHERE * (1 + this._clock.random())); // and seldom two tabs at the same moment
        if (line.deleted || this._clock.now() - this._last < PAUSE || !await this._claim(id)) return;
        this._last = this._clock.now();
        this._tell(pane, line, id, chosen);
    }

    /**
     * @param {Buffer} pane
     * @param {Spoken} line
     */
    _wants(pane, line) {
        const { notify, sound, desktop } = this._preferences.values;
        if (notify === "off" || !(sound || desktop)) return false;
        return line.mention || (notify === "all" && !this._preferences.isQuiet(pane.name));
    }

    /**
     * @param {Buffer} pane
     * @param {Spoken} line
     * @param {string} id
     * @param {() => void} chosen
     */
    _tell(pane, line, id, chosen) {
        const { sound, desktop } = this._preferences.values;
        const title = pane.private ? line.sender : `${line.sender} in ${pane.name}`;
        if (desktop && permission() === "granted") this._outlets.show(title, line.text.slice(0, LONGEST), id, chosen);
        if (sound) this._outlets.play();
    }

    /**
     * Return whether no tab has dealt with a message yet, and note that this one does.
     * @param {string} id
     * @returns {Promise<boolean>}
     */
    async _claim(id) {
        const { locks } = this._outlets;
        if (locks === undefined) return this._take(id);
        return locks.request(TOLD, async () => {
            const taken = this._take(id);
            await this._pause(SPREAD);
            return taken;
        });
    }

    /**
     * @param {number} delay
     * @returns {Promise<void>}
     */
    _pause(delay) {
        return new Promise(resolve => void this._clock.setTimeout(resolve, delay));
    }

    /** @param {string} id */
    _take(id) {
        /** @type {string[]} */
        const told = JSON.parse(this._shelf.getItem(TOLD) ?? "[]");
        if (told.includes(id)) return false;
        this._shelf.setItem(TOLD, JSON.stringify([...told, id].slice(-REMEMBERED)));
        return true;
    }
}
