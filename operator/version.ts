/** Of this program: that of package.json, which the bundle leaves behind. */
export const VERSION = '0.1.0';
