/** What survives a reload of the page, in this tab only: who the user is, rooms, and drafts. */

/** The part of a Storage that is used. @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "clear">} Shelf */
/** @typedef {{name: string, rooms: string[], here: string, account: boolean}} Place */

const CLIENT = "chatsvc.client", PLACE = "chatsvc.place", DRAFT = "chatsvc.draft.";

/** Reads and writes a tab's storage. */
export class Keepsakes {
    /** @param {Shelf} shelf */
    constructor(shelf) {
        this._shelf = shelf;
    }

    /**
     * Return the secret that identifies this tab to the server, which `make` makes the first time.
     * @param {() => string} make
     */
    client(make) {
        const known = this._shelf.getItem(CLIENT);
        if (known !== null) return known;
        const secret = make();
        this._keep(CLIENT, secret);
        return secret;
    }

    /** The name and rooms before the reload. @returns {Place | null} */
    get place() {
        return JSON.parse(this._shelf.getItem(PLACE) ?? "null");
    }

    set place(place) {
        this._keep(PLACE, place && JSON.stringify(place));
    }

    /**
     * Return what was typed in a buffer and not sent.
     * @param {string} pane
     */
    draft(pane) {
        return this._shelf.getItem(DRAFT + pane) ?? "";
    }

    /**
     * Keep what is typed in a buffer.
     * @param {string} pane
     * @param {string} text
     */
    keepDraft(pane, text) {
        this._keep(DRAFT + pane, text || null);
    }

    /** Forget everything. */
    clear() {
        this._shelf.clear();
    }

    /**
     * @param {string} name
     * @param {string | null} value
     */
    _keep(name, value) {
        try {
            if (value === null) this._shelf.removeItem(name);
            else this._shelf.setItem(name, value);
        } catch {
            // The storage is full or switched off: nothing survives a reload.
        }
    }
}
