/** Why a request failed. */

/** The server understood a request and refused it. */
export class Refused extends Error {
    /**
     * @param {string} code
     * @param {string} text
     * @param {string} [suggestion] a free name
     */
    constructor(code, text, suggestion) {
        super(text);
        this.code = code;
        this.suggestion = suggestion;
    }
}

/** The connection was lost, and the request may or may not have arrived. */
export class Uncertain extends Error {}

/** The user has left, or the server has ended the visit. */
export class NotConnected extends Error {}
