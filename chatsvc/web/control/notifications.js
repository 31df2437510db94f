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
        if (!this._wants(pane, line)) return;
        if (seen) return void this._take(id, false);
        await this._pause(ELSEWHERE * (1 + this._clock.random())); // and seldom two tabs at the same moment
        if (await this._claim(id, true)) this._tell(pane, line, id, chosen);
    }

    /**
     * @param {Buffer} pane
     * @param {Spoken} line
     */
    _wants(pane, line) {
        if (!this._preferences.notifies) return false;
        return line.mention || (this._preferences.values.notify === "all" && !this._preferences.isQuiet(pane.name));
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
     * Return whether no tab has dealt with a message yet, and it is time for a notification; note that this tab does.
     * @param {string} id
     * @param {boolean} notifies
     * @returns {Promise<boolean>}
     */
    async _claim(id, notifies) {
        const { locks } = this._outlets;
        if (locks === undefined) return this._take(id, notifies);
        return locks.request(TOLD, async () => {
            const taken = this._take(id, notifies);
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

    /**
     * @param {string} id
     * @param {boolean} notifies
     */
    _take(id, notifies) {
        /** @type {{ids: string[], last: number}} */
        const { ids, last } = JSON.parse(this._shelf.getItem(TOLD) ?? '{"ids": [], "last": 0}');
        const now = this._clock.now(), takes = !ids.includes(id) && now - last >= PAUSE;
        this._shelf.setItem(TOLD, JSON.stringify({ ids: [...ids, id].slice(-REMEMBERED), last: takes && notifies ? now : last }));
        return takes;
    }
}
