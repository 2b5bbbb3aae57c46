import QRCode from 'qrcode';

/** WhatsApp hands out six codes for one connection: the first lives a minute, each other 20 seconds. */
export const CODES = 6;
export const lifeOf = n => (n === 1 ? 60_000 : 20_000);

/** The raw code as a picture that a page can show as it is: `data:image/png;base64,…`. */
export const toDataUrl = raw => QRCode.toDataURL(raw, { type: 'image/png', errorCorrectionLevel: 'L', margin: 4, scale: 6 });
