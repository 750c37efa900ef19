mod properties;
mod scipy;
