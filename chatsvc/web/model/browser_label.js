/** The name of a browser for people, such as "Firefox on Linux". */

const BROWSERS = { "Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox", "FxiOS": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari" };
const SYSTEMS = { "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "CrOS": "ChromeOS", "Windows": "Windows", "Mac OS X": "Mac", "Linux": "Linux" };

/**
 * Return the name of a browser and its system.
 * @param {string} userAgent
 */
export function browserLabel(userAgent) {
    const browser = first(BROWSERS, userAgent) ?? "Browser", system = first(SYSTEMS, userAgent);
    return system ? `${browser} on ${system}` : browser;
}

/**
 * @param {Record<string, string>} names
 * @param {string} userAgent
 */
function first(names, userAgent) {
    return Object.entries(names).find(([word]) => userAgent.includes(word))?.[1];
}
