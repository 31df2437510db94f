/** Notifications: a sound, and on the desktop where the browser allows it. The title and the icon count in any case. */

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Spoken} Spoken */
/** @typedef {import("./keepsakes.js").Shelf} Shelf */
/** @typedef {import("../net/connection.js").Clock} Clock */

/**
 * What the user can switch in the preferences.
 * @typedef {object} NotificationSettings
 * @property {"mentions" | "all" | "off"} about mentions and private messages, all messages, or (do not disturb) none
 * @property {boolean} sound
 * @property {boolean} desktop
 */

/** The part of the browser that is used. @typedef {object} Outlets
 * @property {() => void} play a short sound
 * @property {(title: string, text: string, tag: string, chosen: () => void) => void} show a notification on the desktop
 * @property {LockManager | undefined} locks
 */

/** @type {NotificationSettings} */
export const DEFAULTS = { about: "mentions", sound: false, desktop: false };
const KEY = "chatsvc.notifications", TOLD = "chatsvc.notified";
const PAUSE = 2000; // milliseconds between two notifications, so that missed messages do not come as a flood
const ELSEWHERE = 300; // milliseconds in which a tab that shows the message can say so
const SPREAD = 50; // milliseconds in which other processes learn what this one has stored
const REMEMBERED = 50; // messages
const LONGEST = 200; // characters

/** Decides what to notify about; of several tabs, only one does. */
export class Notifications {
    /**
     * @param {Shelf} shelf of all tabs
     * @param {Clock} clock
     * @param {Outlets} outlets
     */
    constructor(shelf, clock, outlets) {
        this._shelf = shelf;
        this._clock = clock;
        this._outlets = outlets;
        this._last = -PAUSE;
    }

    /** The settings, which all tabs share. @returns {NotificationSettings} */
    get settings() {
        return { ...DEFAULTS, ...JSON.parse(this._shelf.getItem(KEY) ?? "{}") };
    }

    /**
     * Change some settings. Ask the browser for permission first, when the user clicks on `desktop`.
     * @param {Partial<NotificationSettings>} some
     */
    change(some) {
        this._shelf.setItem(KEY, JSON.stringify({ ...this.settings, ...some }));
    }

    /**
     * Return whether the browser shows notifications: `unavailable` without encryption, `default` before the user was asked.
     * @returns {NotificationPermission | "unavailable"}
     */
    get permission() {
        return "Notification" in globalThis && globalThis.isSecureContext ? Notification.permission : "unavailable";
    }

    /** Ask for the browser's permission; call it only for a click. Return whether it was granted. */
    async askPermission() {
        return this.permission !== "unavailable" && await Notification.requestPermission() === "granted";
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
        if (!this._wants(line)) return;
        await this._pause(ELSEWHERE * (1 + this._clock.random())); // and seldom two tabs at the same moment
        if (line.deleted || this._clock.now() - this._last < PAUSE || !await this._claim(id)) return;
        this._last = this._clock.now();
        this._tell(pane, line, id, chosen);
    }

    /** @param {Spoken} line */
    _wants(line) {
        const { about, sound, desktop } = this.settings;
        return (sound || desktop) && (about === "all" || (about === "mentions" && line.mention));
    }

    /**
     * @param {Buffer} pane
     * @param {Spoken} line
     * @param {string} id
     * @param {() => void} chosen
     */
    _tell(pane, line, id, chosen) {
        const { sound, desktop } = this.settings;
        const title = pane.private ? line.sender : `${line.sender} in ${pane.name}`;
        if (desktop && this.permission === "granted") this._outlets.show(title, line.text.slice(0, LONGEST), id, chosen);
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
