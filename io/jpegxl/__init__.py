"""JPEG XL (ISO/IEC 18181): headers, which frames pass, and JPEG in another coding."""
