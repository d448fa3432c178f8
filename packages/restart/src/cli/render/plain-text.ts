/**
 * Words of another process as they may stand on a terminal: what would move the cursor, colour or erase is shown
 * instead of done.
 */
export function plainText(text: string): string {
  return text.replace(CONTROL, (character) =>
    character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g
