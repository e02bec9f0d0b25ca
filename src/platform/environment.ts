/** The environment of this process; for the library, which has no streams of its own as the command line has. */
export const environment = (): NodeJS.ProcessEnv => process.env;
