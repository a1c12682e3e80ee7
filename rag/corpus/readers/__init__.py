"""One module a family of formats; each turns `Raw` bytes into `Content`."""
