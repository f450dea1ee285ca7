/** The mood that a message has when its writer did not say. */
export function moodOf(message) {
  return message.includes('!') ? 'cheerful' : 'calm';
}

/** The words after a `#`, each once. */
export function tagsOf(message) {
  return [...new Set([...message.matchAll(/#(\w+)/g)].map((match) => match[1].toLowerCase()))];
}
