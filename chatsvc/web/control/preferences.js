/** The user's settings for this browser, which survive in its storage. To add one, add its default value. */

/** @typedef {import("./keepsakes.js").Shelf} Shelf */
/** @typedef {typeof DEFAULTS} Values */

const WHERE = "chatsvc.preferences";
const DEFAULTS = {
    theme: "system", // or light, dark
    density: "comfortable", // or compact
    hours: "system", // or 12, 24
    emoji: true, // replace names such as :tea: with emoji
    typing: true, // show others when the user is typing
    notify: "mentions", // mentions and private messages; or all, off (do not disturb)
    sound: false, // with a notification
    desktop: false, // notifications on the desktop, where the browser allows them
    highlights: "", // words that count as a mention
    quiet: /** @type {string[]} */ ([]), // rooms whose messages do not count as unread, except mentions
};

/** Reads and writes the settings. */
export class Preferences {
    /**
     * @param {Pick<Shelf, "getItem" | "setItem"> | null} shelf null: nothing survives
     * @param {() => void} changed
     */
    constructor(shelf, changed = () => {}) {
        this.values = { ...DEFAULTS };
        this.changed = changed;
        this._shelf = shelf;
        this.read();
    }

    /** Read the settings again, after another tab has changed them. */
    read() {
        try {
            const kept = JSON.parse(this._shelf?.getItem(WHERE) ?? "{}");
            for (const [name, value] of Object.entries(DEFAULTS))
                Object.assign(this.values, { [name]: typeof kept[name] === typeof value ? kept[name] : value });
        } catch {
            // Storage is off, or holds something else: the defaults apply.
        }
        this.changed();
    }

    /**
     * Change a setting.
     * @template {keyof Values} N
     * @param {N} name
     * @param {Values[N]} value
     */
    set(name, value) {
        this.values = { ...this.values, [name]: value };
        try {
            this._shelf?.setItem(WHERE, JSON.stringify(this.values));
        } catch {
            // Storage is full or off: the setting lasts until the page is closed.
        }
        this.changed();
    }

    /** Whether any message is notified about. */
    get notifies() {
        const { notify, sound, desktop } = this.values;
        return notify !== "off" && (sound || desktop);
    }

    /**
     * Return whether the messages of a room are not counted.
     * @param {string} room
     */
    isQuiet(room) {
        return this.values.quiet.includes(room);
    }

    /**
     * Turn the notifications of a room on or off.
     * @param {string} room
     */
    toggleQuiet(room) {
        const { quiet } = this.values;
        this.set("quiet", this.isQuiet(room) ? quiet.filter(each => each !== room) : [...quiet, room]);
    }

    /** The words that count as a mention. */
    get highlights() {
        return this.values.highlights.split(/[\s,]+/).filter(Boolean);
    }
}
