//! The three shapes in which the wire stays open: named texts, open enumerations, tagged unions.
//!
//! Serde's derive can leave an enumeration open too, but then a known word with a broken body
//! counts as unknown and its error is lost. Here only an unknown word is unknown.

/// A text with a name of its own: an id, an address, a time.
macro_rules! text {
    ($(#[doc = $doc:literal])+ pub struct $name:ident;) => {
        $(#[doc = $doc])+
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        #[cfg(feature = "schema")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "description": concat!($($doc, "\n"),+), "type": "string" })
            }
        }
    };
}

/// An enumeration of words; a word that is not known here is kept as `Unknown`.
macro_rules! enumeration {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident { $($(#[doc = $meaning:literal])+ $variant:ident = $word:literal,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $meaning])+ $variant,)+
            /// A word of a later version.
            Unknown(String),
        }

        impl $name {
            /// The words of this version, in their order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    word => Self::Unknown(word.to_owned()),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Ok(Self::from(word.as_str()))
            }
        }

        #[cfg(feature = "schema")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let words = [$(($word, concat!($($meaning, "\n"),+))),+];
                $crate::generate::schema::words(concat!($($doc, "\n"),+), &words)
            }
        }
    };
}

/// A union of objects told apart by their `type`; an object whose type is not known here is kept
/// as `Unknown`, whole.
macro_rules! union {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident { $($(#[doc = $meaning:literal])+ $variant:ident($body:ty) = $word:literal,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $meaning])+ $variant($body),)+
            /// An object of a later version, as it came.
            Unknown(::serde_json::Value),
        }

        impl $name {
            /// The types of this version, in their order.
            pub const TYPES: &'static [&'static str] = &[$($word),+];

            /// Its `type` on the wire.
            pub fn type_name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $word,)+
                    Self::Unknown(value) => value["type"].as_str().unwrap_or_default(),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[derive(::serde::Serialize)]
                #[serde(tag = "type")]
                enum Known<'a> {
                    $(#[serde(rename = $word)] $variant(&'a $body),)+
                }
                match self {
                    $(Self::$variant(body) => Known::$variant(body).serialize(serializer),)+
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use ::serde::de::Error;
                let value = ::serde_json::Value::deserialize(deserializer)?;
                let Some(word) = value.get("type").and_then(::serde_json::Value::as_str) else {
                    let what = concat!(stringify!($name), " is not an object with a text `type`");
                    return Err(D::Error::custom(what));
                };
                match word {
                    $($word => <$body>::deserialize(value)
                        .map(Self::$variant)
                        .map_err(|error| D::Error::custom(format_args!("{}: {error}", $word))),)+
                    _ => Ok(Self::Unknown(value)),
                }
            }
        }

        #[cfg(feature = "schema")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let arms = [$((
                    $word,
                    concat!($($meaning, "\n"),+),
                    generator.subschema_for::<$body>(),
                )),+];
                $crate::generate::schema::arms(concat!($($doc, "\n"),+), arms)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub struct Apple {
        /// How many.
        count: u32,
    }

    enumeration! {
        /// A colour.
        pub enum Colour {
            /// Like blood.
            Red = "red",
        }
    }

    union! {
        /// A fruit.
        pub enum Fruit {
            /// An apple.
            Apple(Apple) = "apple",
        }
    }

    #[track_caller]
    fn round_trip<T: Serialize + for<'de> Deserialize<'de>>(wire: Value) -> T {
        let value: T = serde_json::from_str(&wire.to_string()).unwrap();
        assert_eq!(serde_json::to_value(&value).unwrap(), wire);
        value
    }

    #[test]
    fn words_known_and_unknown() {
        assert_eq!(round_trip::<Colour>(json!("red")), Colour::Red);
        assert_eq!(round_trip::<Colour>(json!("violet")), Colour::Unknown("violet".into()));
        assert_eq!(round_trip::<Colour>(json!("\"\\")), Colour::Unknown("\"\\".into()));
        assert!(serde_json::from_value::<Colour>(json!(1)).is_err());
        assert_eq!(Colour::WORDS, ["red"]);
    }

    #[test]
    fn arms_known_and_unknown() {
        let apple = json!({"type": "apple", "count": 2});
        assert_eq!(round_trip::<Fruit>(apple), Fruit::Apple(Apple { count: 2 }));
        let pear = json!({"type": "pear", "core": {"pips": [1, null]}});
        let unknown = round_trip::<Fruit>(pear.clone());
        assert_eq!(unknown.type_name(), "pear");
        assert_eq!(unknown, Fruit::Unknown(pear));
        assert_eq!(Fruit::TYPES, ["apple"]);
    }

    #[test]
    fn a_known_type_with_a_broken_body_is_an_error() {
        let error = serde_json::from_value::<Fruit>(json!({"type": "apple"})).unwrap_err();
        assert_eq!(error.to_string(), "apple: missing field `count`");
        let error = serde_json::from_value::<Fruit>(json!({"count": 1})).unwrap_err();
        assert_eq!(error.to_string(), "Fruit is not an object with a text `type`");
    }
}
