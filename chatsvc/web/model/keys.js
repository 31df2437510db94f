/** The keyboard shortcuts in one table, which handlers and the list of shortcuts are made from. */

/**
 * Keys with the same effect, and where they apply; `Mod` is Ctrl, or Command on a Mac.
 * @typedef {{where: "app" | "input" | "log", keys: string[]}} Shortcut
 */

/** @satisfies {Record<string, Shortcut>} */
export const KEYS = {
    send: { where: "input", keys: ["Enter"] },
    newLine: { where: "input", keys: ["Shift+Enter", "Alt+Enter"] },
    older: { where: "input", keys: ["ArrowUp"] },
    newer: { where: "input", keys: ["ArrowDown"] },
    complete: { where: "input", keys: ["Tab"] },
    putAway: { where: "input", keys: ["Escape"] },
    next: { where: "app", keys: ["Alt+ArrowDown"] },
    previous: { where: "app", keys: ["Alt+ArrowUp"] },
    present: { where: "app", keys: ["Mod+End"] },
    region: { where: "app", keys: ["F6"] },
    regionBack: { where: "app", keys: ["Shift+F6"] },
    switcher: { where: "app", keys: ["Mod+k"] },
    search: { where: "app", keys: ["Mod+Shift+F"] },
    help: { where: "app", keys: ["F1", "Shift+?", "?"] },
    up: { where: "log", keys: ["ArrowUp"] },
    down: { where: "log", keys: ["ArrowDown"] },
    menu: { where: "log", keys: ["Enter", "ContextMenu", "Shift+F10"] },
};

/** @typedef {keyof typeof KEYS} ShortcutName */
/** What a handler needs of a keyboard event. @typedef {Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "getModifierState">} Pressed */

/**
 * Return the shortcut that was pressed. AltGr, which Windows reports as Ctrl and Alt, triggers none.
 * @param {Pressed} event
 * @param {"app" | "input" | "log"} where
 * @returns {ShortcutName | null}
 */
export function shortcut(event, where) {
    if (event.getModifierState("AltGraph")) return null;
    const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
    const pressed = `${mod}${event.altKey ? "Alt+" : ""}${event.shiftKey ? "Shift+" : ""}${event.key}`;
    for (const [name, each] of Object.entries(KEYS))
        if (each.where === where && each.keys.includes(pressed)) return /** @type {ShortcutName} */ (name);
    return null;
}
