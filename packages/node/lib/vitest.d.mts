/** For globalSetup: starts a server and returns what stops it. */
export default function setup(project?: unknown): Promise<() => Promise<void>>
