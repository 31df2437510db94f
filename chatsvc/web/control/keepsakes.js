/** What survives a reload of the page: in this tab who the user is, rooms, and drafts; in all tabs the account's token. */

/** The part of a Storage that is used. @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "clear">} Shelf */
/** @typedef {{name: string, rooms: string[], private?: string[], here: string, account: boolean}} Place */

/** A token and its number in the list of `/sessions`. @typedef {{name: string, token: string, number: number}} Token */

const CLIENT = "chatsvc.client", PLACE = "chatsvc.place", DRAFT = "chatsvc.draft.", TOKEN = "chatsvc.token";

/** Reads and writes a tab's storage, and the one of all tabs. */
export class Keepsakes {
    /**
     * @param {Shelf} [shelf] of this tab
     * @param {Shelf} [forAll] of all tabs
     */
    constructor(shelf = memory(), forAll = memory()) {
        this._shelf = shelf;
        this.forAll = forAll;
    }

    /** What logs in to an account without its password. @returns {Token | null} */
    get token() {
        return JSON.parse(this.forAll.getItem(TOKEN) ?? "null");
    }

    set token(token) {
        this._keep(TOKEN, token && JSON.stringify(token), this.forAll);
    }

    /** Whether this tab has a secret already: it was reloaded or duplicated. */
    get isBack() {
        return this._shelf.getItem(CLIENT) !== null;
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

    /** Forget the secret: another tab has it. */
    giveUpClient() {
        this._keep(CLIENT, null);
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

    /** Forget everything about this tab. */
    clear() {
        this._shelf.clear();
    }

    /**
     * @param {string} name
     * @param {string | null} value
     */
    _keep(name, value, shelf = this._shelf) {
        try {
            if (value === null) shelf.removeItem(name);
            else shelf.setItem(name, value);
        } catch {
            // The storage is full or switched off: nothing survives a reload.
        }
    }
}

/**
 * Return a storage of the browser; if it is switched off, one that lasts until the page is reloaded.
 * @param {() => Shelf} storage
 * @returns {Shelf}
 */
export function shelf(storage) {
    try {
        const found = storage();
        found.getItem(CLIENT);
        return found;
    } catch {
        return memory();
    }
}

/** @returns {Shelf} */
function memory() {
    const kept = new Map();
    return {
        getItem: name => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value),
        removeItem: name => void kept.delete(name), clear: () => kept.clear(),
    };
}
